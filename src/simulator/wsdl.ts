/**
 * The description of PKB's service, derived from its request (PKB page 3364848418): document/literal wrapped, as in a JAX-WS
 * service. PKB's own is not published.
 */
import { escapeXml } from './wire.js';
import { SERVICE_NAMESPACE } from './soap-request.js';

/**
 * Writes the description.
 *
 * @param address the address at which the caller reaches the service
 */
export function wsdl(address: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="HL7Service" targetNamespace="${SERVICE_NAMESPACE}" xmlns:tns="${SERVICE_NAMESPACE}"
    xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <wsdl:types>
    <xs:schema targetNamespace="${SERVICE_NAMESPACE}" elementFormDefault="unqualified">
      <xs:element name="acceptMessage" type="tns:acceptMessage"/>
      <xs:element name="acceptMessageResponse" type="tns:acceptMessageResponse"/>
      <xs:complexType name="acceptMessage">
        <xs:sequence><xs:element name="arg0" type="xs:string" minOccurs="0"/></xs:sequence>
      </xs:complexType>
      <xs:complexType name="acceptMessageResponse">
        <xs:sequence><xs:element name="return" type="xs:string" minOccurs="0"/></xs:sequence>
      </xs:complexType>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="acceptMessage"><wsdl:part name="parameters" element="tns:acceptMessage"/></wsdl:message>
  <wsdl:message name="acceptMessageResponse"><wsdl:part name="parameters" element="tns:acceptMessageResponse"/></wsdl:message>
  <wsdl:portType name="HL7">
    <wsdl:operation name="acceptMessage">
      <wsdl:input message="tns:acceptMessage"/>
      <wsdl:output message="tns:acceptMessageResponse"/>
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="HL7Binding" type="tns:HL7">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="acceptMessage">
      <soap:operation soapAction="" style="document"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="HL7Service">
    <wsdl:port name="HL7Port" binding="tns:HL7Binding"><soap:address location="${escapeXml(address)}"/></wsdl:port>
  </wsdl:service>
</wsdl:definitions>
`;
}
