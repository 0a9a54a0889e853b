using System.Globalization;

namespace OpenVdi.Native.Tests;

/// <summary>A C++ program that makes the client calls it is told: a backup program in the hands of a test.</summary>
internal sealed class CallingClient(Compiler compiler, params (string Name, string Value)[] environment) : IDisposable
{
    public NativeProgram Program { get; } = NativeProgram.Start(compiler.Program("calls"), [], environment);

    /// <summary>Makes a call; the code's name is the first word of the answer, results follow it.</summary>
    public string Call(FormattableString call)
    {
        Program.Say(call.ToString(CultureInfo.InvariantCulture));
        return Program.ReadLine();
    }

    /// <summary>Makes a call and gives the name of its code alone.</summary>
    public string Code(FormattableString call) => Call(call).Split(' ')[0];

    /// <summary>Makes a call that must succeed.</summary>
    public void Do(FormattableString call)
    {
        string answer = Call(call);
        Assert.True(answer == "void" || answer.Split(' ')[0] == "NOERROR", $"{call}: expected NOERROR, found {answer}");
    }

    public void Dispose() => Program.Dispose();
}
